namespace Runner.Benchmarks;

/// <param name="Rate">Messages per second.</param>
/// <param name="Cpu">CPU time per message in microseconds, by component.</param>
/// <param name="WriteAheadLog">Bytes of the database's write-ahead log per message.</param>
internal sealed record DrainResult(double Rate, Dictionary<string, double> Cpu, double WriteAheadLog)
{
    /// <summary>Waits until the given number of seeded orders has been handled.</summary>
    public static async Task<DrainResult> MeasureAsync(Session session, int count, CancellationToken cancellationToken)
    {
        const string Written = "SELECT (pg_current_wal_lsn() - '0/0')::float8";
        var written = await session.ScalarAsync<double>(Written, cancellationToken);
        var before = CpuTime.Read();
        var elapsed = await session.DrainAsync(count, cancellationToken);
        var after = CpuTime.Read();
        return new DrainResult(
            count / elapsed.TotalSeconds,
            CpuTime.Names.ToDictionary(name => name, name => (after[name] - before[name]) * 1e6 / count),
            (await session.ScalarAsync<double>(Written, cancellationToken) - written) / count);
    }
}
