using Switchyard.Backends.Cpu.Kernels;

namespace Switchyard.Backends.Cpu.Work;

/// <summary>Quantises activations, a row a chunk.</summary>
internal readonly unsafe struct QuantizeWork(KernelTable kernels, float** x, int inDim, QuantizedRows to) : IWork
{
    public void Run(int chunk, int worker) => kernels.Quantize(x[chunk], inDim, to.From(chunk, inDim));
}
