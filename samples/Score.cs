#:project ../Switchyard/Switchyard.csproj
#:property PublishAot=false

// Which of two sentences does a model find likelier?
using Switchyard;

await using LocalModel model = await LocalModel.OpenAsync("models/tales-10m");
foreach (string text in (string[])["The snow had begun to fall.", "The fall had snow to begun."])
{
    ScoreReport score = await model.ScoreAsync(text);
    Console.WriteLine($"{text}  {score.MeanNll:F2} nats per token, perplexity {score.Perplexity:F0}");
}
