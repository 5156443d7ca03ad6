namespace Capacity.Queueing;

/// <summary>An M/M/c queue: Poisson arrivals, exponential service times, one line in front of all servers. Times are in seconds.</summary>
internal readonly record struct WaitingLine(int Servers, double ArrivalRate, double ServiceTime)
{
    /// <summary>The mean number of busy servers, in Erlang (Little's law for those in service).</summary>
    public double OfferedLoad => LittlesLaw.InSystem(ArrivalRate, ServiceTime);

    public double Utilization => OfferedLoad / Servers;

    /// <summary>Erlang C: the share of arrivals that have to wait; 1 if the queue is not stable.</summary>
    public double WaitProbability => Erlang.C(Servers, OfferedLoad);

    public double MeanWait => Utilization < 1 ? WaitProbability * ServiceTime / (Servers - OfferedLoad) : double.PositiveInfinity;

    /// <summary>The wait that the given share of arrivals does not exceed.</summary>
    public double GetWait(double share) => Utilization < 1
        ? Math.Max(0, Math.Log(WaitProbability / (1 - share)) * ServiceTime / (Servers - OfferedLoad))
        : double.PositiveInfinity;

    /// <summary>The fewest servers at which at most the given share of arrivals waits.</summary>
    public static int CountServers(double arrivalRate, double serviceTime, double maxWaitProbability)
    {
        var servers = (int)Math.Floor(arrivalRate * serviceTime) + 1;
        while (new WaitingLine(servers, arrivalRate, serviceTime).WaitProbability > maxWaitProbability)
        {
            servers++;
        }

        return servers;
    }
}
