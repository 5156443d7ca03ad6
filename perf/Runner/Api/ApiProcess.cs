using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Api;

/// <summary>An API that runs, and what it costs the machine.</summary>
internal sealed class ApiProcess : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    private readonly long started = Stopwatch.GetTimestamp();
    private readonly Daemon daemon;

    private ApiProcess(Daemon daemon, Uri address) => (this.daemon, Address) = (daemon, address);

    public Uri Address { get; }

    public string Log => daemon.Log;

    public static ApiProcess Start(string assembly, Dictionary<string, string> environment)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}/");
        environment["ASPNETCORE_URLS"] = address.ToString();
        // On the same port, so that nothing listens to more than the loopback address.
        environment["Health__Port"] = "0";
        return new(
            Daemon.Start("dotnet", [assembly], Path.GetDirectoryName(assembly)!, Path.Combine(TempFolder.Create("log"), Path.GetFileName(assembly)), environment),
            address);
    }

    /// <returns>How long after the start of the process it answered with 200.</returns>
    public async Task<TimeSpan> WaitForAsync(string path, string token)
    {
        using var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        while (!await AnswersAsync())
        {
            if (daemon.HasExited || Stopwatch.GetElapsedTime(started) > Timeout)
            {
                throw new InvalidOperationException($"{Address}{path} does not answer with 200:{Environment.NewLine}{Log}");
            }

            await Task.Delay(5);
        }

        return Stopwatch.GetElapsedTime(started);

        async Task<bool> AnswersAsync()
        {
            try
            {
                using var response = await client.GetAsync(path);
                return response.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }

    /// <summary>Processor time since its start, in user and in system mode.</summary>
    public TimeSpan GetProcessorTime()
    {
        using var process = Process.GetProcessById(daemon.Id);
        return process.TotalProcessorTime;
    }

    /// <summary>Memory that it has for itself and shares, in MiB.</summary>
    public double GetMemory()
    {
        var line = File.ReadLines($"/proc/{daemon.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    public ValueTask DisposeAsync() => daemon.DisposeAsync();
}
