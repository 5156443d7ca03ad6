namespace Capacity.Queueing;

/// <summary>Gunther's universal scalability law: throughput of N processes relative to one.</summary>
/// <param name="Contention">The share of the work that is serialized.</param>
/// <param name="Coherency">The cost of keeping processes consistent with each other, per pair.</param>
internal readonly record struct UniversalScalability(double Contention, double Coherency)
{
    public double GetSpeedup(double processes) =>
        processes / (1 + (Contention * (processes - 1)) + (Coherency * processes * (processes - 1)));

    /// <summary>Beyond this number of processes, throughput falls.</summary>
    public double Peak => Coherency > 0 ? Math.Sqrt((1 - Contention) / Coherency) : double.PositiveInfinity;

    /// <summary>Least squares on N / speedup - 1 = contention (N - 1) + coherency N (N - 1), with neither below zero.</summary>
    public static UniversalScalability Fit(IEnumerable<(int Processes, double Speedup)> measured)
    {
        double aa = 0, ab = 0, bb = 0, ay = 0, by = 0;
        foreach (var (processes, speedup) in measured)
        {
            double a = processes - 1, b = processes * a, y = (processes / speedup) - 1;
            (aa, ab, bb, ay, by) = (aa + (a * a), ab + (a * b), bb + (b * b), ay + (a * y), by + (b * y));
        }

        var determinant = (aa * bb) - (ab * ab);
        double contention = ((ay * bb) - (by * ab)) / determinant, coherency = ((by * aa) - (ay * ab)) / determinant;
        return (contention, coherency) switch
        {
            ( >= 0, >= 0) => new(contention, coherency),
            (_, < 0) => new(Math.Max(0, ay / aa), 0),
            _ => new(0, Math.Max(0, by / bb)),
        };
    }
}
