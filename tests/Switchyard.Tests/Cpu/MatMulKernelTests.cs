using Switchyard.Backends.Cpu;
using Switchyard.Tensor;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cpu;

[Collection(OneAtATime.Name)]
public sealed class MatMulKernelTests
{
    private const int MostRows = 70;

    public static TheoryData<DType, Isa> FormatsAndForms
    {
        get
        {
            TheoryData<DType, Isa> data = [];
            foreach (DType dtype in CpuForms.Formats)
                foreach (Isa isa in CpuForms.Testable) data.Add(dtype, isa);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(FormatsAndForms))]
    public void Every_form_computes_the_scalar_sums(DType dtype, Isa isa)
    {
        int inDim = dtype.IsBlockFormat() ? 512 : 75, outDim = 53;
        float[] x = CpuForms.RandomFloats(9 * inDim, 5);
        int[] rows = [.. Enumerable.Range(0, 9)];
        using CpuBackend scalar = CpuForms.Create(Isa.Scalar), subject = CpuForms.Create(isa);
        using Weight want = scalar.Upload("w", CpuForms.RandomTensor(dtype, outDim, inDim, 3)), got = subject.Upload("w", CpuForms.RandomTensor(dtype, outDim, inDim, 3));
        CpuForms.AssertSameBits(CpuForms.Product(scalar, want, x, rows), CpuForms.Product(subject, got, x, rows), $"{dtype} on {isa}");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Wide_forms_compute_the_scalar_sums_of_signed_bytes_with_dot_products_and_without(bool dotProducts)
    {
        if (!CpuForms.Testable.Contains(Isa.Avx512)) return;
        const int InDim = 4096 + 512, OutDim = 53, Rows = 20;
        float[] x = CpuForms.RandomFloats(Rows * InDim, 31);
        using CpuBackend scalar = CpuForms.Create(Isa.Scalar), subject = new(new CpuOptions { Isa = Isa.Avx512, Threads = 1 }, anyForm: true, dotProducts);
        using Weight want = scalar.Upload("w", CpuForms.RandomTensor(DType.Q8_0, OutDim, InDim, 37)), got = subject.Upload("w", CpuForms.RandomTensor(DType.Q8_0, OutDim, InDim, 37));
        foreach (int count in (int[])[1, 4, 7, 8, 13, Rows])
        {
            int[] rows = [.. Enumerable.Range(0, count)];
            CpuForms.AssertSameBits(CpuForms.Product(scalar, want, x, rows), CpuForms.Product(subject, got, x, rows), $"{count} rows");
        }
    }

    public static TheoryData<Isa> Forms => [.. CpuForms.Testable];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Activations_without_a_scale_are_quantised_as_by_the_scalar_form(Isa isa)
    {
        const int InDim = 7 * 32, OutDim = 21, Rows = 9; // four blocks and three more
        float[] x = CpuForms.RandomFloats(Rows * InDim, 53);
        for (int row = 0; row < Rows; row++)
        {
            Span<float> blocks = x.AsSpan(row * InDim, InDim);
            int bad = row % 7 * 32;
            if (row < 3) blocks[bad + 5] = row switch { 0 => float.NaN, 1 => float.PositiveInfinity, _ => float.NegativeInfinity };
            else if (row < 6) for (int k = 0; k < 32; k++) blocks[bad + k] *= row switch { 3 => 0, 4 => 1e-31f, _ => 1e-44f };
            else blocks[bad + 9] = row == 7 ? 1e30f : -3e38f;
        }
        int[] rows = [.. Enumerable.Range(0, Rows)];
        using CpuBackend scalar = CpuForms.Create(Isa.Scalar), subject = CpuForms.Create(isa);
        using Weight want = scalar.Upload("w", CpuForms.RandomTensor(DType.Q8_0, OutDim, InDim, 59)), got = subject.Upload("w", CpuForms.RandomTensor(DType.Q8_0, OutDim, InDim, 59));
        CpuForms.AssertSameBits(CpuForms.Product(scalar, want, x, rows), CpuForms.Product(subject, got, x, rows), $"{isa}");
    }

    [Theory]
    [MemberData(nameof(FormatsAndForms))]
    public void Panels_read_together_or_one_by_one_give_the_same(DType dtype, Isa isa)
    {
        int inDim = dtype.IsBlockFormat() ? 2560 : 301, outDim = 150; // ten panels: two groups of four and a rest
        float[] x = CpuForms.RandomFloats(8 * inDim, 23);
        using CpuBackend single = CpuForms.Create(isa), several = CpuForms.Create(isa);
        single.StreamPanels = 1;
        using Weight w1 = single.Upload("w", CpuForms.RandomTensor(dtype, outDim, inDim, 29)), w4 = several.Upload("w", CpuForms.RandomTensor(dtype, outDim, inDim, 29));
        for (int count = 1; count <= 8; count++)
        {
            int[] rows = [.. Enumerable.Range(0, count)];
            float[] want = CpuForms.Product(single, w1, x, rows);
            foreach (int panels in dtype.IsBlockFormat() ? (int[])[4] : [2, 4])
            {
                several.StreamPanels = panels;
                CpuForms.AssertSameBits(want, CpuForms.Product(several, w4, x, rows), $"{dtype} on {isa}, {count} rows, {panels} panels");
            }
        }
    }

    [Theory]
    [MemberData(nameof(FormatsAndForms))]
    public void Formats_share_the_activations_of_one_product(DType dtype, Isa isa)
    {
        const int InDim = 512, OutDim = 40, Rows = 17; // tiles of forms differ in size
        DType other = dtype == DType.Q8_0 ? DType.Q4_0 : DType.Q8_0;
        float[] x = CpuForms.RandomFloats(Rows * InDim, 41);
        int[] rows = [.. Enumerable.Range(0, Rows)];
        using CpuBackend backend = CpuForms.Create(isa);
        using Weight w = backend.Upload("w", CpuForms.RandomTensor(dtype, OutDim, InDim, 43)), v = backend.Upload("v", CpuForms.RandomTensor(other, OutDim, InDim, 47));
        using Matrix input = backend.Allocate(Rows, InDim), y = backend.Allocate(Rows, OutDim), z = backend.Allocate(Rows, OutDim);
        backend.Write(input, InDim, rows, x);
        backend.MatMul(input, [new Projection(w, y), new Projection(v, z)], rows);
        float[] together = new float[Rows * OutDim];
        backend.Read(y, OutDim, rows, together);
        CpuForms.AssertSameBits(CpuForms.Product(backend, w, x, rows), together, $"{dtype} on {isa}");
        backend.Read(z, OutDim, rows, together);
        CpuForms.AssertSameBits(CpuForms.Product(backend, v, x, rows), together, $"{other} on {isa}");
    }

    [Theory]
    [MemberData(nameof(FormatsAndForms))]
    public void Slices_of_inputs_continue_one_chain(DType dtype, Isa isa)
    {
        // Several slices and a shorter last one; more rows than a tile has, over more panels than a call has.
        int inDim = dtype.IsBlockFormat() ? 1792 : 1301, outDim = 100;
        float[] x = CpuForms.RandomFloats(13 * inDim, 17);
        using CpuBackend subject = CpuForms.Create(isa);
        using Weight w = subject.Upload("w", CpuForms.RandomTensor(dtype, outDim, inDim, 19));
        float[] together = CpuForms.Product(subject, w, x, [.. Enumerable.Range(0, 13)]);
        for (int row = 0; row < 13; row++)
            CpuForms.AssertSameBits(CpuForms.Product(subject, w, x, [row]), together.AsSpan(row * outDim, outDim), $"{dtype} on {isa}, row {row}");
    }

    [Theory]
    [MemberData(nameof(FormatsAndForms))]
    public void A_row_never_depends_on_its_company(DType dtype, Isa isa)
    {
        if (isa == Isa.Scalar) return; // one row after another by construction, and slow
        int inDim = 256, outDim = 70;
        float[] x = CpuForms.RandomFloats(MostRows * inDim, 11);
        using CpuBackend one = CpuForms.Create(isa), two = CpuForms.Create(isa, 2);
        using Weight w1 = one.Upload("w", CpuForms.RandomTensor(dtype, outDim, inDim, 7)), w2 = two.Upload("w", CpuForms.RandomTensor(dtype, outDim, inDim, 7));
        float[][] alone = [.. Enumerable.Range(0, MostRows).Select(r => CpuForms.Product(one, w1, x, [r]))];
        var random = new Random(13);
        for (int count = 2; count <= MostRows; count += 1 + count / 12)
        {
            int[] rows = [.. Enumerable.Range(0, MostRows)];
            random.Shuffle(rows);
            rows = rows[..count];
            float[] together = CpuForms.Product(count % 2 == 0 ? two : one, count % 2 == 0 ? w2 : w1, x, rows);
            for (int i = 0; i < count; i++)
                CpuForms.AssertSameBits(alone[rows[i]], together.AsSpan(i * outDim, outDim), $"{dtype} on {isa}, row {rows[i]} among {count}");
        }
    }

    [Theory]
    [MemberData(nameof(FormatsAndForms))]
    public void The_largest_numbers_of_a_format_do_not_overflow(DType dtype, Isa isa)
    {
        if (!dtype.IsBlockFormat()) return;
        const int InDim = 256, OutDim = 16, Copies = 4; // of three rows: more than a tile has
        byte[] largest = LargestRow(dtype, 0xFF), lowest = LargestRow(dtype, dtype == DType.Q8_0 ? (byte)0x80 : (byte)0);
        byte[] bytes = [.. Enumerable.Range(0, OutDim).SelectMany(o => o % 2 == 0 ? largest : lowest)];
        float[] three = [.. Enumerable.Repeat(1f, InDim), .. Enumerable.Repeat(-1f, InDim), .. Enumerable.Range(0, InDim).Select(k => k % 2 == 0 ? 1f : -1f)];
        float[] x = [.. Enumerable.Repeat(three, Copies).SelectMany(row => row)];
        int[] all = [.. Enumerable.Range(0, 3 * Copies)];
        using CpuBackend scalar = CpuForms.Create(Isa.Scalar), subject = CpuForms.Create(isa);
        using Weight want = scalar.Upload("w", new ArrayTensorData(dtype, OutDim, InDim, bytes)), got = subject.Upload("w", new ArrayTensorData(dtype, OutDim, InDim, bytes));
        foreach (int[] rows in (int[][])[[0, 1, 2], all])
            CpuForms.AssertSameBits(CpuForms.Product(scalar, want, x, rows), CpuForms.Product(subject, got, x, rows), $"{dtype} on {isa}");

        byte[] LargestRow(DType format, byte fill)
        {
            byte[] row = new byte[format.RowBytes(InDim)];
            Array.Fill(row, fill);
            for (int at = 0; at < row.Length; at += format.BlockBytes())
            {
                if (format == DType.Q6_K)
                {
                    row.AsSpan(at + 192, 16).Fill(0x80);
                    (row[at + 208], row[at + 209]) = (0, 0x3C);
                    continue;
                }
                (row[at], row[at + 1]) = (0, 0x3C);
                if (format.HasMinimum()) (row[at + 2], row[at + 3]) = (0, 0x3C);
            }
            return row;
        }
    }

    [Fact]
    public void Halves_that_are_not_finite_are_kept_as_they_are()
    {
        byte[] bytes = new byte[2 * 64];
        BlockFormats.Quantize(DType.F16, [.. Enumerable.Range(0, 64).Select(i => i switch { 3 => float.NaN, 40 => float.PositiveInfinity, _ => i * 0.25f })], bytes);
        using CpuBackend backend = CpuForms.Create(CpuForms.Supported[^1]);
        using Weight w = backend.Upload("w", new ArrayTensorData(DType.F16, 2, 32, bytes));
        float[] y = CpuForms.Product(backend, w, [.. Enumerable.Repeat(1f, 32)], [0]);
        Assert.Equal(DType.F32, w.DType);
        Assert.True(float.IsNaN(y[0]));
        Assert.True(float.IsPositiveInfinity(y[1]));
    }

    [Fact]
    public void A_damaged_scale_is_refused_by_name()
    {
        byte[] bytes = new byte[34];
        (bytes[0], bytes[1]) = (0, 0x7C);
        using CpuBackend backend = CpuForms.Create(Isa.Scalar);
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => backend.Upload("blk.0.q", new ArrayTensorData(DType.Q8_0, 1, 32, bytes)));
        Assert.Contains("blk.0.q", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, backend.Counters.BytesHeld);
    }

    [Fact]
    public void Mismatched_shapes_and_foreign_handles_are_refused()
    {
        using CpuBackend backend = CpuForms.Create(Isa.Scalar), other = CpuForms.Create(Isa.Scalar);
        using Weight w = backend.Upload("w", CpuForms.RandomTensor(DType.F32, 8, 16, 1));
        using Matrix narrow = backend.Allocate(2, 8), wide = backend.Allocate(2, 16), foreign = other.Allocate(2, 16);
        Assert.Throws<ShapeException>(() => backend.MatMul(narrow, [new Projection(w, wide)], [0]));
        Assert.Throws<ShapeException>(() => backend.MatMul(wide, [new Projection(w, narrow)], [2]));
        Assert.Throws<ArgumentException>(() => backend.MatMul(foreign, [new Projection(w, narrow)], [0]));
        Matrix gone = backend.Allocate(2, 16);
        gone.Dispose();
        Assert.Throws<ArgumentException>(() => backend.MatMul(gone, [new Projection(w, narrow)], [0]));
    }
}
