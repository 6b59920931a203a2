using Switchyard.Model;

namespace Switchyard.Strategies.Drex;

/// <summary>
/// One request's rows on their way: the head, whose token is not yet decided or not yet filled, and rows before it that left
/// early and wait at their exits to be taken along.
/// </summary>
internal sealed class Flight(DecodingRequest request, KvSequence kv, int number, int maxRows)
{
    private readonly int[] _rows = new int[maxRows];   // arena rows in order of position
    private readonly int[] _stages = new int[maxRows]; // the stage each is to run next; never ascending

    public DecodingRequest Request { get; } = request;

    public KvSequence Kv { get; } = kv;

    /// <summary>Order of admission.</summary>
    public int Number { get; } = number;

    /// <summary>Tokens that were there on admission: rows at these positions never exit.</summary>
    public int PromptTokens { get; } = request.Tokens.Length;

    public bool Reconciled { get; set; }

    /// <summary>Whether an earlier row of this cache left early and had its keys and values named after another layer's.</summary>
    public bool Approximate { get; set; }

    /// <summary>Rows in the arena.</summary>
    public int RowCount { get; private set; }

    /// <summary>Whether the last row is a head under way; the others are pending.</summary>
    public bool HasHead { get; private set; }

    /// <summary>The head's token was taken at an exit; it runs on to fill its keys and values.</summary>
    public bool Silent { get; set; }

    /// <summary>The step in whose batch the request was last seen.</summary>
    public long Seen { get; set; }

    /// <summary>When the head was parked, in steps.</summary>
    public long ParkedAt { get; set; }

    /// <summary>Whether the head waits at an exit.</summary>
    public bool Parked { get; set; }

    /// <summary>Since which step the request could have begun a token.</summary>
    public long ReadySince { get; set; }

    /// <summary>Threshold of the head's confidence.</summary>
    public float Threshold { get; set; }

    /// <summary>Target between two tokens, in timestamp units; 0 for none.</summary>
    public long TimeBetweenTokens { get; set; }

    /// <summary>Timestamp of the latest token; 0 before the first.</summary>
    public long LastToken { get; set; }

    /// <summary>What the exit in hand said, and the verdict.</summary>
    public float Confidence { get; set; }

    public bool Leaves { get; set; }

    public bool Failed { get; set; }

    public int HeadRow => _rows[RowCount - 1];

    public int HeadStage => _stages[RowCount - 1];

    public int PendingCount => HasHead ? RowCount - 1 : RowCount;

    public bool CanHoldMore => RowCount < _rows.Length;

    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, RowCount);

    public ReadOnlySpan<int> Stages => _stages.AsSpan(0, RowCount);

    /// <summary>The row that a new head follows.</summary>
    public int Parent => RowCount == 0 ? ForwardBatch.Root : _rows[RowCount - 1];

    /// <summary>When the next token is due, in timestamp units; the far future without a target.</summary>
    public long Deadline => TimeBetweenTokens == 0 || LastToken == 0 ? long.MaxValue : LastToken + TimeBetweenTokens;

    public void Begin(int row)
    {
        (_rows[RowCount], _stages[RowCount]) = (row, 0);
        RowCount++;
        (HasHead, Silent, Leaves, Failed) = (true, false, false, false);
    }

    /// <summary>Appends the rows that are to run <paramref name="stage"/> and moves them past it.</summary>
    public int Advance(int stage, Span<int> into)
    {
        int count = 0;
        for (int i = 0; i < RowCount; i++)
        {
            if (_stages[i] != stage) continue;
            into[count++] = _rows[i];
            _stages[i]++;
        }
        return count;
    }

    /// <summary>The head left; it stays in the arena at its exit.</summary>
    public void LeavePending() => HasHead = false;

    /// <summary>Forgets the rows, which the caller has freed.</summary>
    public void Clear() => (RowCount, HasHead, Silent, Parked) = (0, false, false, false);
}
