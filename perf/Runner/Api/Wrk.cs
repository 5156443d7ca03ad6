using System.Text.Json;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Api;

/// <summary>Runs wrk: a closed-loop load generator with a fixed number of connections.</summary>
internal static class Wrk
{
    public const int Connections = 64;

    private static readonly string Script = Path.Combine(Repo.Root, "perf", "Runner", "Api", "load.lua");

    public static Task<WrkResult> RunAsync(Uri address, TimeSpan length, params string[] arguments) => RunAsync(address, length, Connections, arguments);

    /// <exception cref="InvalidOperationException">wrk is not installed, or a request failed or got an error status.</exception>
    public static async Task<WrkResult> RunAsync(Uri address, TimeSpan length, int connections, params string[] arguments)
    {
        if (Programs.FindFolder("wrk") is null)
        {
            throw new InvalidOperationException("wrk is not installed. On Debian or Ubuntu: sudo apt-get install wrk");
        }

        string[] options = ["--threads", "1", "--connections", $"{connections}", "--duration", $"{(int)length.TotalSeconds}s", "--timeout", "10s"];
        var output = (await Command.RunAsync(
            "wrk", [.. options, "--script", Script, address.ToString(), "--", .. arguments], Path.GetTempPath(), length + TimeSpan.FromMinutes(1))).EnsureSuccess().Output;
        var result = JsonSerializer.Deserialize<WrkResult>(output.TrimEnd().Split('\n')[^1], JsonSerializerOptions.Web)!;
        return result is { Requests: > 0, Refused: 0, Broken: 0 } ? result : throw new InvalidOperationException($"{address}: {result}");
    }
}

/// <param name="Refused">Responses other than 2xx and 3xx.</param>
/// <param name="Broken">Requests that failed or timed out.</param>
/// <param name="P50">In microseconds, like <paramref name="P99"/>.</param>
internal sealed record WrkResult(long Requests, long Microseconds, long Refused, long Broken, long P50, long P99)
{
    public double PerSecond => Requests * 1e6 / Microseconds;
}
