using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Api;

/// <summary>A running API process and its resource usage.</summary>
internal sealed class ApiProcess : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    private readonly long started = Stopwatch.GetTimestamp();
    private readonly Daemon daemon;

    private ApiProcess(Daemon daemon, Uri address) => (this.daemon, Address) = (daemon, address);

    public Uri Address { get; }

    public string Log => daemon.Log;

    /// <param name="assembly">The assembly to start.</param>
    /// <param name="environment">Its environment variables.</param>
    /// <param name="group">Limits that the runtime should know when it starts.</param>
    public static ApiProcess Start(string assembly, Dictionary<string, string> environment, ControlGroup? group = null)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}/");
        environment["ASPNETCORE_URLS"] = address.ToString();
        // Probes on the API's port, so nothing listens beyond the loopback address.
        environment["Health__Port"] = "0";
        // The shell adds itself to the group and becomes the process.
        string[] command = ["-e", "-c", "for file in \"$@\"; do echo $$ > \"$file\"; done; exec dotnet \"$0\"", assembly, .. group?.Processes ?? []];
        return new(
            Daemon.Start("sh", command, Path.GetDirectoryName(assembly)!, Path.Combine(TempFolder.Create("log"), Path.GetFileName(assembly)), environment),
            address);
    }

    /// <returns>The time from process start to the first 2xx response.</returns>
    public async Task<TimeSpan> WaitForAsync(string path, string token)
    {
        using var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        while (!await RespondsAsync())
        {
            if (daemon.HasExited || Stopwatch.GetElapsedTime(started) > Timeout)
            {
                throw new InvalidOperationException($"{Address}{path} did not return 2xx:{Environment.NewLine}{Log}");
            }

            await Task.Delay(5);
        }

        return Stopwatch.GetElapsedTime(started);

        async Task<bool> RespondsAsync()
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

    /// <summary>User and kernel CPU time since process start.</summary>
    public TimeSpan GetProcessorTime()
    {
        using var process = Process.GetProcessById(daemon.Id);
        return process.TotalProcessorTime;
    }

    /// <summary>Resident set size in MiB, including shared pages.</summary>
    public double GetMemory() => Read("VmRSS");

    /// <summary>Resident memory in MiB without pages of files, which the kernel can reclaim.</summary>
    public double GetPrivateMemory() => Read("RssAnon");

    public ValueTask DisposeAsync() => daemon.DisposeAsync();

    private double Read(string name)
    {
        var line = File.ReadLines($"/proc/{daemon.Id}/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return double.Parse(line[(name.Length + 1)..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024;
    }
}
