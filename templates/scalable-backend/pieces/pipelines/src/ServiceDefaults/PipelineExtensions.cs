using System.Diagnostics;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace ScalableBackend.ServiceDefaults;

/// <summary>Of a pipeline with a name; the section Resilience:{name} of the configuration.</summary>
public sealed class PipelineOptions
{
    public TimeoutStrategyOptions Timeout { get; } = new();

    /// <summary>Fails at once, instead of calling, after half of the latest calls have failed; two are enough to tell.</summary>
    public CircuitBreakerStrategyOptions CircuitBreaker { get; } = new() { FailureRatio = 0.5, MinimumThroughput = 2 };
}

public static class PipelineExtensions
{
    // The first call also connects, and compiles the code that it runs: on a busy machine that alone takes longer than some timeouts.
    private static readonly TimeSpan TimeoutWhileStarting = TimeSpan.FromSeconds(15);

    // For the same reason timeouts do not count for the circuit breaker until this long after the start.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(30);

    private static readonly long Start = Stopwatch.GetTimestamp();

    /// <summary>Adds a pipeline with a timeout in a circuit breaker. A change of its settings counts at once.</summary>
    /// <param name="timeout">How long a call may take once the process has started, unless the configuration says otherwise.</param>
    /// <param name="isExpectedError">Tells exceptions with which the other side shows that it works.</param>
    public static void AddTimeoutAndCircuitBreaker(this IHostApplicationBuilder builder, string name, TimeSpan timeout, Func<Exception, bool>? isExpectedError = null)
    {
        builder.Services.AddOptions<PipelineOptions>(name)
            .Configure(options =>
            {
                options.Timeout.Timeout = timeout;
                // So few that what went well before does not count for long.
                options.CircuitBreaker.SamplingDuration = 4 * timeout;
            })
            .BindConfiguration($"Resilience:{name}")
            .PostConfigure(options => options.CircuitBreaker.ShouldHandle = args => new(args.Outcome.Exception is { } exception
                and not OperationCanceledException && isExpectedError?.Invoke(exception) is not true
                && !(exception is TimeoutRejectedException && Stopwatch.GetElapsedTime(Start) < WarmUp)));
        builder.Services.AddResiliencePipeline(name, (pipeline, context) =>
        {
            context.EnableReloads<PipelineOptions>(name);
            var options = context.GetOptions<PipelineOptions>(name);
            var started = context.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted;
            options.Timeout.TimeoutGenerator = _ => new(started.IsCancellationRequested ? options.Timeout.Timeout : TimeoutWhileStarting);
            pipeline.AddCircuitBreaker(options.CircuitBreaker).AddTimeout(options.Timeout);
        });
    }
}
