using BenchmarkDotNet.Running;
using Switchyard.Benchmarks;

BenchmarkSwitcher.FromAssembly(typeof(MatMulBenchmarks).Assembly).Run(args);
