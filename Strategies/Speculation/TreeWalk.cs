using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Speculation;

/// <summary>The way a model takes through a draft tree: the nodes it agrees with, then a token of its own.</summary>
/// <remarks>Reused; filled by <see cref="TreeVerifier"/>.</remarks>
public sealed class TreeWalk
{
    private int[] _nodes = new int[16];
    private TokenChoice[] _choices = new TokenChoice[17];
    private int[] _slots = new int[16];
    private int _accepted, _slotCount, _start;

    /// <summary>Accepted nodes, in path order. Valid until the next step.</summary>
    public ReadOnlySpan<int> Nodes => _nodes.AsSpan(0, _accepted);

    /// <summary>What the model chose: the tokens of <see cref="Nodes"/>, then one of its own. Empty if it was not asked.</summary>
    public ReadOnlySpan<TokenChoice> Choices => _choices.AsSpan(0, ChoiceCount);

    /// <summary>Tokens the model chose.</summary>
    public int ChoiceCount { get; private set; }

    /// <summary>Why the walk broke off, if it did: logits that are not numbers.</summary>
    public LogitsException? Error { get; private set; }

    /// <summary>Nodes that were shown to the model.</summary>
    public int Shown { get; private set; }

    internal DraftTree? Tree { get; private set; }

    internal DecodingRequest? EmitsTo { get; private set; }

    internal SamplerState? State { get; private set; }

    /// <summary>Takes the distribution at the root, where somebody wants to compare it; stays until it is changed.</summary>
    internal NextTokenLaw? RootLaw { get; set; }

    /// <summary>Takes the best guesses at every place on the way, where somebody wants them; stays until it is changed.</summary>
    internal RankedChoices? Ranked { get; set; }

    /// <summary>The node whose row is awaited: <see cref="DraftTree.Root"/> at first; <see cref="Ended"/> after the walk.</summary>
    internal int Awaited { get; private set; } = Ended;

    internal const int Ended = -2;

    /// <summary>Cache slots of <see cref="Nodes"/>.</summary>
    internal ReadOnlySpan<int> Slots => _slots.AsSpan(0, _slotCount);

    /// <summary>Forgets the walk.</summary>
    public void Clear()
    {
        (_accepted, _slotCount, ChoiceCount, Shown, Awaited) = (0, 0, 0, 0, Ended);
        (Error, Tree, EmitsTo, State) = (null, null, null, null);
    }

    internal void Begin(DraftTree? tree, int shown, SamplerState state, DecodingRequest? emitsTo)
    {
        Clear();
        (Tree, Shown, State, EmitsTo, Awaited, _start) = (tree, shown, state, emitsTo, DraftTree.Root, state.Position);
    }

    internal void AddSlot(int slot) => _slots[_slotCount++] = slot;

    /// <summary>Leaves the state as it was, where nothing was emitted.</summary>
    internal void End()
    {
        if (EmitsTo is null) State!.Rewind(_start);
        Awaited = Ended;
    }

    /// <summary>Takes the logits of the awaited row.</summary>
    internal void Take(ReadOnlySpan<float> logits, Sampler sampler)
    {
        if (Awaited == DraftTree.Root) RootLaw?.Take(logits, State!);
        TokenChoice choice;
        try
        {
            choice = sampler.Choose(logits, State!);
        }
        catch (LogitsException e)
        {
            (Error, Awaited) = (e, Ended);
            EmitsTo?.Fail(e);
            return;
        }
        Ranked?.Take(logits, State!);
        Add(choice);
        int child = Tree is not null ? Tree.FindChild(Awaited, choice.Token) : -1;
        if ((uint)child >= (uint)Shown) child = Ended; // none, or one that was cut off
        bool goesOn = true;
        if (EmitsTo is { } request) goesOn = request.Emit(choice, isDrafted: child >= 0);
        else State!.Advance(choice.Token);
        if (!goesOn || child < 0) child = Ended;
        else _nodes[_accepted++] = child;
        Awaited = child;
    }

    private void Add(TokenChoice choice)
    {
        if (ChoiceCount == _choices.Length)
        {
            Array.Resize(ref _choices, 2 * ChoiceCount);
            Array.Resize(ref _nodes, 2 * ChoiceCount);
            Array.Resize(ref _slots, 2 * ChoiceCount);
        }
        _choices[ChoiceCount++] = choice;
    }
}
