using Switchyard.Model;
using Switchyard.Model.Text;

namespace Switchyard;

/// <summary>A model that guesses for another one. Owned by the <see cref="LocalModel"/> it drafts for.</summary>
/// <param name="Path">Where it was opened from.</param>
/// <param name="Model">The weights, on the target's backend.</param>
/// <param name="Tokenizer">Its tokenizer, whose vocabulary equals the target's.</param>
public sealed record DraftModel(string Path, TransformerModel Model, ITokenizer Tokenizer);
