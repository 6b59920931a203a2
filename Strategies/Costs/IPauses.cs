namespace Switchyard.Strategies.Costs;

/// <summary>A strategy that by itself stops drafting while that does not pay, and tries again the later, the less it paid.</summary>
public interface IPauses
{
    /// <summary>Ends a pause: somebody wants to know what drafting pays now.</summary>
    void Resume();
}
