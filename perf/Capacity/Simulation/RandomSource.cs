namespace Capacity.Simulation;

/// <summary>SplitMix64, as the numbers of <see cref="System.Random"/> may change with the runtime. Durations are whole nanoseconds.</summary>
internal sealed class RandomSource(ulong seed)
{
    private ulong state = seed;

    /// <summary>A number from 0 up to, but not including, 1.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    public int NextInt(int limit) => (int)(NextDouble() * limit);

    public long NextExponential(double mean) => (long)(-Math.Log(1 - NextDouble()) * mean);

    /// <summary>A service time with a tail: few are long. Exponential at a squared coefficient of variation of 1.</summary>
    public long NextHyperexponential(double mean, double variation)
    {
        var shortShare = (1 + Math.Sqrt((variation - 1) / (variation + 1))) / 2;
        var share = NextDouble() < shortShare ? shortShare : 1 - shortShare;
        return NextExponential(mean / (2 * share));
    }

    private ulong NextBits()
    {
        state += 0x9E3779B97F4A7C15;
        var bits = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
}
