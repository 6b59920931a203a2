#:project ../Switchyard/Switchyard.csproj
#:property PublishAot=false

// Requests that run at the same time share every reading of the weights, and none changes another's tokens.
using Switchyard;
using Switchyard.Strategies;

await using LocalModel model = await LocalModel.OpenAsync("models/tales-10m");
string[] prompts = ["The old house stood", "Once upon a time", "The captain of the ship", "In the middle of the night"];
var options = new GenerationOptions { Temperature = 0.8f, TopP = 0.9f, Seed = 7, MaxNewTokens = 40 };

DecodeReport[] together = await Task.WhenAll(prompts.Select(prompt => model.GenerateAsync(prompt, options)));
foreach ((string prompt, DecodeReport report) in prompts.Zip(together)) Console.WriteLine($"{prompt}{report.Text}\n");

DecodeReport alone = await model.GenerateAsync(prompts[2], options);
Console.WriteLine($"The third, alone: {(alone.Tokens.SequenceEqual(together[2].Tokens) ? "the same tokens" : "other tokens")}.");
