namespace Switchyard.Strategies.Drex;

/// <summary>What a rule knows when it decides whether the rows at an exit go on now.</summary>
/// <param name="Ramp">Index of the exit, from 0; the stage behind it is Ramp + 1.</param>
/// <param name="Waiting">Rows there, those that just arrived included; at least 1.</param>
/// <param name="Ready">Requests that can begin a token in the next step if these wait; at least 1.</param>
/// <param name="OldestWait">Steps the first of them has waited.</param>
/// <param name="MaxRows">Decode rows a pass takes at most.</param>
/// <param name="StayRate">Part of the tokens begun that come to this exit and stay, over the last passes, in [0, 1].</param>
/// <param name="StepBegins">Asked before the shallow pass of a step: rows that go on now do so without those it would bring, and before it.</param>
public readonly record struct RampSituation(int Ramp, int Waiting, int Ready, int OldestWait, int MaxRows, double StayRate, bool StepBegins = false);
