using System.Reflection;

namespace Switchyard.Tests.Api;

/// <summary>The public members of an assembly, one a line, in an order that does not change.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Lines(Assembly assembly) => assembly.GetExportedTypes().SelectMany(Lines).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Lines(Type type)
    {
        string bases = string.Join(", ", (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) ? [parent] : Type.EmptyTypes).Select(Name));
        yield return $"{Name(type)}: {Kind(type)}{(bases.Length > 0 ? $" of {bases}" : "")}";
        foreach (MemberInfo member in type.GetMembers(Declared))
            if (Line(member) is { } line) yield return $"{Name(type)}: {line}";
    }

    private static string Kind(Type type) => type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : type.IsAbstract && type.IsSealed ? "static class" : type.IsSealed ? "sealed class" : type.IsAbstract ? "abstract class" : "class";

    // Accessors are told with their properties; what the compiler adds to records is told by their being records.
    private static string? Line(MemberInfo member) => member switch
    {
        ConstructorInfo { IsStatic: false } c when Visible(c) => $"new({Parameters(c)})",
        MethodInfo m when Visible(m) && !m.IsSpecialName && !m.Name.StartsWith('<') => $"{Modifier(m)}{Name(m.ReturnType)} {m.Name}{Generic(m)}({Parameters(m)})",
        MethodInfo m when Visible(m) && m.Name.StartsWith("op_", StringComparison.Ordinal) => $"static {Name(m.ReturnType)} {m.Name}({Parameters(m)})",
        PropertyInfo p when Accessors(p) is { Length: > 0 } accessors => $"{Modifier(p.GetMethod ?? p.SetMethod!)}{Name(p.PropertyType)} {p.Name} {{ {accessors} }}",
        FieldInfo f when (f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly) && !f.IsSpecialName => $"{(f.IsLiteral ? "const " : f.IsStatic ? "static " : "")}{Name(f.FieldType)} {f.Name}",
        EventInfo e when Visible(e.AddMethod!) => $"event {Name(e.EventHandlerType!)} {e.Name}",
        _ => null,
    };

    private static bool Visible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Modifier(MethodInfo method) => method.IsStatic ? "static " : method.IsAbstract && !method.DeclaringType!.IsInterface ? "abstract " : method is { IsVirtual: true, IsFinal: false } && !method.DeclaringType!.IsInterface ? "virtual " : "";

    private static string Accessors(PropertyInfo property) => string.Join(' ', property.GetAccessors(nonPublic: true).Where(Visible).Select(a => a.ReturnType != typeof(void) ? "get;" : IsInit(a) ? "init;" : "set;").Order(StringComparer.Ordinal));

    private static bool IsInit(MethodInfo setter) => setter.ReturnParameter.GetRequiredCustomModifiers().Length > 0;

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}{(p.IsOptional ? "?" : "")}"));

    private static string Generic(MethodInfo method) => method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Name(Type type)
    {
        if (type.IsByRef) return $"ref {Name(type.GetElementType()!)}";
        if (type.IsArray) return $"{Name(type.GetElementType()!)}[]";
        if (type.IsPointer) return $"{Name(type.GetElementType()!)}*";
        if (type.IsGenericParameter) return type.Name;
        string name = type.IsNested ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Namespace is { } space && !space.StartsWith("System", StringComparison.Ordinal) ? $"{space}.{type.Name}" : type.Name;
        int tick = name.LastIndexOf('`');
        return type.IsGenericType && tick > 0 ? $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
