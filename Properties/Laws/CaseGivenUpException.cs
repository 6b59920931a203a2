namespace Switchyard.Properties;

/// <summary>The time of a law was over in the middle of a case: it is neither held nor broken.</summary>
internal sealed class CaseGivenUpException() : Exception("The time of the law is over.");
