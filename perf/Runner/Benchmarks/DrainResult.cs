namespace Runner.Benchmarks;

/// <param name="Rate">Messages a second.</param>
/// <param name="Cpu">Microseconds of processor time for a message, by part.</param>
internal sealed record DrainResult(double Rate, Dictionary<string, double> Cpu)
{
    /// <summary>Waits until so many of the orders that were just seeded have had their effect.</summary>
    public static async Task<DrainResult> MeasureAsync(Session session, int count, CancellationToken cancellationToken)
    {
        var before = CpuTime.Read();
        var elapsed = await session.DrainAsync(count, cancellationToken);
        var after = CpuTime.Read();
        return new DrainResult(
            count / elapsed.TotalSeconds, CpuTime.Names.ToDictionary(name => name, name => (after[name] - before[name]) * 1e6 / count));
    }
}
