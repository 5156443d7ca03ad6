namespace Capacity.Sizing;

/// <summary>Equal replicas in zones, enough of them to carry the load without one zone.</summary>
internal sealed record Fleet(double BusyCores, int Zones, int PerZone, int Cores)
{
    public int Replicas => Zones * PerZone;

    public int WithoutZone => Replicas - PerZone;

    public double Utilization => BusyCores / (Replicas * Cores);

    public double UtilizationWithoutZone => BusyCores / (WithoutZone * Cores);

    public static Fleet Create(Figures figures, double busyCores)
    {
        var zones = (int)figures["environment", "zones"];
        var cores = (int)figures["environment", "cores of a replica"];
        var needed = busyCores / (figures["environment", "highest utilization with a zone lost"] * cores);
        return new(busyCores, zones, (int)Math.Ceiling(needed / (zones - 1)), cores);
    }
}
