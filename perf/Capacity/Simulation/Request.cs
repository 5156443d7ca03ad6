namespace Capacity.Simulation;

internal sealed class Request(RequestKind kind, long arrived)
{
    public RequestKind Kind { get; } = kind;

    public long Arrived { get; } = arrived;

    public Replica Replica { get; set; } = null!;

    /// <summary>The replicas that rejected it.</summary>
    public List<Replica>? Tried { get; set; }

    public RequestState State { get; set; }

    /// <summary>When it began to wait for a permit.</summary>
    public long Queued { get; set; }
}

internal enum RequestState { Waiting, BeforeDatabase, Database, AfterDatabase, Rejecting, Hanging }
