using System.Runtime.InteropServices;
using Runner;
using Runner.Benchmarks;
using Runner.Contenders;
using Runner.Servers;

var options = RunOptions.Parse(args);
if (options is null)
{
    Console.WriteLine(RunOptions.Help);
    return 1;
}

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    await using var servers = await ServerSet.StartAsync(options);
    var generated = new GeneratedContender();
    var contenders = new Contender[] { new BaselineContender(), generated, new WolverineContender() }
        .Where(contender => options.Includes(contender.Name))
        .ToList();
    var report = new Report(options);
    foreach (var benchmark in options.Benchmarks)
    {
        await (benchmark switch
        {
            "drain" => new Drain(servers, contenders, options, report).RunAsync(stop.Token),
            "latency" => new Latency(servers, contenders, options, report).RunAsync(stop.Token),
            "growth" => new Growth(servers, generated, options, report).RunAsync(stop.Token),
            "transaction" => new HeldRows(servers, generated, options, report).RunAsync(stop.Token),
            "replicas" => new Replicas(servers, options, report).RunAsync(stop.Token),
            "workers" => new Workers(servers, generated, options, report).RunAsync(stop.Token),
            "memory" => new Memory(servers, options, report).RunAsync(stop.Token),
            "api" => new ApiLoad(servers, options, report).RunAsync(stop.Token),
            "pages" => new Pages(servers, options, report).RunAsync(stop.Token),
            _ => throw new InvalidOperationException($"Unknown benchmark: {benchmark}"),
        });
    }

    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped.");
    return 130;
}
catch (Exception exception) when (exception is InvalidOperationException or TimeoutException)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
