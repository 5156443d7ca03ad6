using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.ServiceDiscovery;
using Shop.ServiceDefaults;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Shop.Gateway.Replicas;

/// <summary>
/// Finds the replicas of the API: all addresses in <c>Services:api:http</c>, and of a host name all of its IP addresses, as of a headless
/// service. Names are resolved again every few seconds. While DNS fails, the last known addresses remain in use.
/// </summary>
internal sealed partial class ReplicaResolver(
    ServiceEndpointResolver services, IConfiguration configuration, IHostEnvironment environment, ILogger<ReplicaResolver> logger) : IDestinationResolver
{
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(5);

    private readonly int _healthPort = configuration.GetValue("Gateway:ApiHealthPort", environment.IsDevelopment() ? 0 : HealthExtensions.DefaultPort);
    private readonly ConcurrentDictionary<string, Resolution> _resolved = new();

    public async ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(
        IReadOnlyDictionary<string, DestinationConfig> destinations, CancellationToken cancellationToken)
    {
        var replicas = new Dictionary<string, DestinationConfig>();
        var changes = new List<IChangeToken> { new CancellationChangeToken(new CancellationTokenSource(RefreshInterval).Token) };
        foreach (var destination in destinations.Values)
        {
            var service = new Uri(destination.Address);
            var endpoints = await services.GetEndpointsAsync(service.GetLeftPart(UriPartial.Authority), cancellationToken);
            changes.Add(endpoints.ChangeToken);
            foreach (var address in endpoints.Endpoints.Select(endpoint => ToUri(endpoint, service.Scheme)))
            {
                foreach (var host in await GetHostsAsync(address.DnsSafeHost, cancellationToken))
                {
                    var replica = new UriBuilder(address) { Host = host };
                    replicas[replica.Uri.Authority] = destination with { Address = replica.Uri.ToString(), Health = GetHealthAddress(replica) };
                }
            }
        }

        return new ResolvedDestinationCollection(replicas, new CompositeChangeToken(changes));
    }

    private static Uri ToUri(ServiceEndpoint endpoint, string scheme) =>
        endpoint.ToString() is var address && address!.Contains("://", StringComparison.Ordinal) ? new Uri(address) : new Uri($"{scheme}://{address}");

    private string? GetHealthAddress(UriBuilder replica) =>
        _healthPort == 0 ? null : new UriBuilder(replica.Uri) { Scheme = Uri.UriSchemeHttp, Port = _healthPort }.Uri.ToString();

    private async Task<string[]> GetHostsAsync(string name, CancellationToken cancellationToken)
    {
        // The addresses of localhost belong to the same process.
        if (name == "localhost" || IPAddress.TryParse(name, out _))
        {
            return [name];
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(RefreshInterval);
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(name, timeout.Token);
            // With both families, each replica would be listed twice.
            var family = addresses.Any(address => address.AddressFamily == AddressFamily.InterNetwork) ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
            return Record(name, new([.. addresses.Where(address => address.AddressFamily == family).Select(address => address.ToString())], null));
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return Record(name, new(_resolved.GetValueOrDefault(name)?.Hosts ?? [], exception.Message));
        }
    }

    // Logs changes only.
    private string[] Record(string name, Resolution resolution)
    {
        if (_resolved.GetValueOrDefault(name)?.Failure is var failure && failure != resolution.Failure)
        {
            if (resolution.Failure is null)
            {
                LogResolved(name);
            }
            else
            {
                LogFailed(name, resolution.Failure, resolution.Hosts.Length);
            }
        }

        return (_resolved[name] = resolution).Hosts;
    }

    [LoggerMessage(LogLevel.Warning, "Could not resolve {Name} in Services:api:http ({Reason}); using the {Count} addresses known before, and retrying every few seconds")]
    private partial void LogFailed(string name, string reason, int count);

    [LoggerMessage(LogLevel.Information, "{Name} is resolved again")]
    private partial void LogResolved(string name);

    private sealed record Resolution(string[] Hosts, string? Failure);
}
