namespace Capacity.Queueing;

internal static class Erlang
{
    /// <summary>Erlang B: the share of calls that is lost if nobody can wait.</summary>
    public static double B(int servers, double load)
    {
        // The recursion avoids factorials, which overflow beyond 170 servers.
        var blocked = 1.0;
        for (var server = 1; server <= servers; server++)
        {
            blocked = load * blocked / (server + (load * blocked));
        }

        return blocked;
    }

    /// <summary>Erlang C: the share of calls that has to wait.</summary>
    public static double C(int servers, double load)
    {
        if (load >= servers)
        {
            return 1;
        }

        var blocked = B(servers, load);
        return blocked / (1 - (load / servers * (1 - blocked)));
    }
}
