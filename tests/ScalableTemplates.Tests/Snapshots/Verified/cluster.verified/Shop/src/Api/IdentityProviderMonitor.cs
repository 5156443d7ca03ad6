using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Shop.Api;

/// <summary>Loads the signing keys during start-up, then monitors the identity provider in the background, so that no request waits for it.</summary>
internal sealed partial class IdentityProviderMonitor(IOptionsMonitor<JwtBearerOptions> options, TimeProvider clock, ILogger<IdentityProviderMonitor> logger)
    : BackgroundService, IHealthCheck
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    private volatile bool _hasKeys;
    private volatile string? _outageReason;

    /// <summary>Loaded keys remain in use during an outage. Without an identity provider, the keys are in the configuration.</summary>
    public bool HasKeys => _hasKeys;

    public bool IsUnavailable => _outageReason is not null;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await CheckAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_outageReason is { } reason ? new HealthCheckResult(context.Registration.FailureStatus, reason) : HealthCheckResult.Healthy());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(IsUnavailable ? RetryInterval : Interval, clock, stoppingToken);
            await CheckAsync(stoppingToken);
        }
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        string? authority = null;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            var bearer = options.Get(JwtBearerDefaults.AuthenticationScheme);
            authority = bearer.Authority;
            if (bearer is { ConfigurationManager: { } keys, MetadataAddress: { } address })
            {
                // GetConfigurationAsync may return a cached configuration, so the availability of the provider is checked separately.
                await keys.GetConfigurationAsync(timeout.Token).WaitAsync(timeout.Token);
                using var response = await bearer.Backchannel.GetAsync(address, timeout.Token);
                response.EnsureSuccessStatusCode();
            }

            _hasKeys = true;
            if (IsUnavailable)
            {
                LogAvailable(authority);
            }

            _outageReason = null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var reason = exception.GetBaseException().Message;
            if (!IsUnavailable)
            {
                LogUnavailable(authority, reason);
            }

            _outageReason = reason;
        }
    }

    [LoggerMessage(LogLevel.Warning,
        "Could not load the signing keys from {Authority}; until it responds, tokens signed with a key that is not loaded get 503: {Reason}")]
    private partial void LogUnavailable(string? authority, string reason);

    [LoggerMessage(LogLevel.Information, "The identity provider {Authority} is available again")]
    private partial void LogAvailable(string? authority);
}
