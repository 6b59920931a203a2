using System.Runtime.CompilerServices;
using Switchyard.Backends.Cpu.Kernels;

namespace Switchyard.Backends.Cpu.Work;

/// <summary>A norm of each row, or of each head of each row.</summary>
internal unsafe struct RmsNormWork : IWork
{
    public KernelTable Kernels;
    public CpuMatrix X, Y;
    public int* Rows, OutRows;
    public float* Gain;
    public float Eps;

    /// <summary>Elements that share a norm, and how many such groups a row has.</summary>
    public int Elements, Groups;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int chunk, int worker)
    {
        float* x = X.Row(Rows[chunk]), y = Y.Row(OutRows[chunk]);
        for (int g = 0; g < Groups; g++) Kernels.RmsNorm(x + g * Elements, Gain, Eps, Elements, y + g * Elements);
    }
}

/// <summary>Rotations of the heads of each row.</summary>
internal unsafe struct RopeWork : IWork
{
    public KernelTable Kernels;
    public CpuMatrix X;
    public CpuRopeTable Table;
    public int* Rows, Positions;
    public int Heads;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int chunk, int worker)
    {
        int row = Rows[chunk], half = Table.HeadDim / 2;
        float* cosines = Table.Cosines(Positions[row]), sines = Table.Sines(Positions[row]);
        for (int head = 0; head < Heads; head++) Kernels.Rope(X.Row(row) + head * Table.HeadDim, cosines, sines, half);
    }
}

/// <summary>Gates, in pieces of rows.</summary>
internal unsafe struct SwiGluWork : IWork
{
    /// <summary>Elements of a piece.</summary>
    public const int Piece = 2048;

    public KernelTable Kernels;
    public CpuMatrix Gate, Up;
    public int* Rows;
    public int Cols;

    /// <summary>Pieces of a row.</summary>
    public int Pieces;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int chunk, int worker)
    {
        int row = Rows[chunk / Pieces], from = chunk % Pieces * Piece;
        Kernels.SwiGlu(Gate.Row(row) + from, Up.Row(row) + from, Math.Min(Piece, Cols - from));
    }
}

/// <summary>The largest values of each row.</summary>
internal unsafe struct TopKWork : IWork
{
    public KernelTable Kernels;
    public CpuMatrix X;
    public int* Rows;
    public int Cols, Count;
    public int* Ids;
    public float* Values, LogSumExp;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int chunk, int worker)
    {
        float* x = X.Row(Rows[chunk]);
        Span<int> ids = new(Ids + (long)chunk * Count, Count);
        Span<float> values = new(Values + (long)chunk * Count, Count);
        (float maximum, float logSumExp) = Kernels.LogSumExp(x, Cols);
        LogSumExp[chunk] = logSumExp;
        if (float.IsNaN(maximum))
        {
            ids.Fill(-1);
            values.Fill(float.NaN);
            return;
        }
        Kernels.TopK(x, Cols, ids, values);
    }
}

/// <summary>Rows of a table.</summary>
internal unsafe struct EmbedWork : IWork
{
    public CpuWeight Table;
    public CpuMatrix Y;
    public int* Rows, Tokens;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int chunk, int worker)
    {
        int token = Tokens[Rows[chunk]];
        byte* panel = Table.Panel(token / PanelLayout.Outputs);
        PanelLayout.ReadRow(Table.Format, panel, Table.InDim, token % PanelLayout.Outputs, Y.Row(Rows[chunk]));
    }
}
