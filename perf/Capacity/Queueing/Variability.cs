namespace Capacity.Queueing;

internal static class Variability
{
    /// <summary>
    /// Allen-Cunneen: how much longer the waits of a G/G/c queue are than those of M/M/c. Exact for one server with Poisson arrivals
    /// (Pollaczek-Khinchine).
    /// </summary>
    /// <param name="arrivals">The squared coefficient of variation of the times between arrivals; 1 for Poisson arrivals.</param>
    /// <param name="service">The squared coefficient of variation of the service times.</param>
    public static double WaitFactor(double arrivals, double service) => (arrivals + service) / 2;

    /// <summary>The squared coefficient of variation of a mix of kinds that each vary by themselves.</summary>
    public static double OfMix(IReadOnlyCollection<(double Share, double Mean)> kinds, double withinKind)
    {
        var mean = kinds.Sum(kind => kind.Share * kind.Mean);
        var secondMoment = kinds.Sum(kind => kind.Share * kind.Mean * kind.Mean * (1 + withinKind));
        return (secondMoment / (mean * mean)) - 1;
    }
}
