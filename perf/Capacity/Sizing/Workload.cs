using Capacity.Queueing;

namespace Capacity.Sizing;

/// <summary>What a rate of requests asks of each part. CPU in busy cores, rates per second.</summary>
internal sealed class Workload(Figures figures, double requests)
{
    public double Requests => requests;

    public double Placements => requests * figures["placement", "share of requests"];

    public double Messages => Placements * figures["message", "per placement"];

    /// <summary>The mean CPU time of a request in the API.</summary>
    public double RequestCpu => figures.Requests.Sum(kind => figures[kind, "share of requests"] * figures[kind, "API"]);

    // The CPU time of a placement includes the relay of its first message.
    public double ApiCpu => (requests * RequestCpu) + ((Messages - Placements) * figures["message", "relay in the API"]);

    public double GatewayCpu => requests * figures["environment", "gateway"];

    public double WorkerCpu => Messages * figures["message", "worker"];

    public double BrokerCpu => Messages * figures["message", "broker"];

    public double ReadCpu => figures.Requests.Where(kind => kind != "placement").Sum(kind => Rate(kind) * figures[kind, "database"]);

    public double WriteCpu => (Placements * figures["placement", "database"]) + (Messages * figures["message", "database"]);

    /// <summary>Bytes per second.</summary>
    public double WriteAheadLog => (Placements * figures["placement", "write-ahead log"]) + (Messages * figures["message", "write-ahead log"]);

    /// <summary>Of a placement, of its message into and out of the outbox, and of its effects.</summary>
    public double Commits => Placements + (2 * Messages);

    /// <summary>The mean number of connections in use by the API (Little's law).</summary>
    public double ApiConnections => figures.Requests.Sum(kind => LittlesLaw.InSystem(Rate(kind), GetConnectionTime(kind)));

    public double WorkerConnections => LittlesLaw.InSystem(Messages, MessageConnectionTime);

    /// <summary>The mean number of messages in handlers (Little's law).</summary>
    public double MessagesInHandlers => LittlesLaw.InSystem(Messages, figures["message", "handler"] + MessageConnectionTime);

    private double MessageConnectionTime =>
        (figures["message", "round trips"] * figures["environment", "network round trip"]) + figures["message", "database"] + figures["environment", "commit"];

    /// <summary>How long a request of a kind uses a connection.</summary>
    public double GetConnectionTime(string kind) =>
        (figures[kind, "round trips"] * figures["environment", "network round trip"]) + figures[kind, "database"]
        + (kind == "placement" ? figures["environment", "commit"] : 0);

    private double Rate(string kind) => requests * figures[kind, "share of requests"];
}
