namespace Capacity.Queueing;

internal static class LittlesLaw
{
    /// <summary>The mean number in the system: connections in use, messages being handled, requests in progress.</summary>
    public static double InSystem(double arrivalRate, double timeInSystem) => arrivalRate * timeInSystem;

    public static double TimeInSystem(double inSystem, double arrivalRate) => inSystem / arrivalRate;
}
