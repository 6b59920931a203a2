namespace Switchyard.Strategies.Passes;

/// <summary>
/// How much of the waiting prompts a step runs: a whole arena when nobody else waits for the step, a small share among
/// decoding rows, so that a long prompt never stalls the batch.
/// </summary>
/// <param name="Alone">Prompt rows of a step in which nothing decodes.</param>
/// <param name="AmongDecoding">Prompt rows of a step in which something decodes.</param>
public readonly record struct PromptChunks(int Alone = 256, int AmongDecoding = 32)
{
    /// <summary>The shares that serve most machines.</summary>
    public static PromptChunks Default => new(256, 32);

    /// <summary>Prompt rows for a step, at least 1.</summary>
    /// <param name="decodingRows">Rows that decode in this step.</param>
    /// <param name="room">Rows of the arena that are left for prompts.</param>
    public int Budget(int decodingRows, int room) => Math.Max(1, Math.Min(room, decodingRows == 0 ? Alone : AmongDecoding));
}
