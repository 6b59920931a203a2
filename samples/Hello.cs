#:project ../Switchyard/Switchyard.csproj
#:property PublishAot=false

using Switchyard;
using Switchyard.Strategies;

await using LocalModel model = await LocalModel.OpenAsync("models/tales-10m"); // a folder or a .gguf file
var options = new GenerationOptions { Temperature = 0.8f, TopP = 0.9f, Seed = 7, MaxNewTokens = 60 };

DecodeStream stream = model.StreamAsync("The old house stood", options);
await foreach (GeneratedToken token in stream) Console.Write(token.Text);

DecodeReport report = stream.Report;
Console.WriteLine($"\n{report.Tokens.Count} tokens, {report.TokensPerSecond:F0} per second, {report.Strategy}: {report.Guarantee}");
