using System.Text;
using Switchyard.Cli;
using Switchyard.Cli.Output;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
return await CommandLine.RunAsync(args, Terminal.System());
