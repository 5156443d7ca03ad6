using System.Diagnostics;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Shop.ServiceDefaults;

/// <summary>Options of a named resilience pipeline, bound to the section Resilience:{name}.</summary>
public sealed class PipelineOptions
{
    public TimeoutStrategyOptions Timeout { get; } = new();

    /// <summary>Opens at a failure ratio of 50 % within the sampling duration, with a minimum throughput of two calls.</summary>
    public CircuitBreakerStrategyOptions CircuitBreaker { get; } = new() { FailureRatio = 0.5, MinimumThroughput = 2 };
}

public static class PipelineExtensions
{
    // The first call also connects and JIT-compiles the code that it runs, which on a busy machine can exceed the regular timeout.
    private static readonly TimeSpan StartupTimeout = TimeSpan.FromSeconds(15);

    // For the same reason, the circuit breaker ignores timeouts for this long after start-up.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(30);

    private static readonly long StartedAt = Stopwatch.GetTimestamp();

    /// <summary>Adds a named resilience pipeline: a circuit breaker around a timeout. Configuration changes apply without a restart.</summary>
    /// <param name="timeout">The default timeout of a call, once the process has started.</param>
    /// <param name="isExpectedError">Identifies exceptions that are not failures for the circuit breaker, because they show that the remote side works.</param>
    public static void AddTimeoutAndCircuitBreaker(this IHostApplicationBuilder builder, string name, TimeSpan timeout, Func<Exception, bool>? isExpectedError = null)
    {
        builder.Services.AddOptions<PipelineOptions>(name)
            .Configure(options =>
            {
                options.Timeout.Timeout = timeout;
                // Short, so that earlier successes do not keep the circuit closed.
                options.CircuitBreaker.SamplingDuration = 4 * timeout;
            })
            .BindConfiguration($"Resilience:{name}")
            .PostConfigure(options => options.CircuitBreaker.ShouldHandle = args => new(args.Outcome.Exception is { } exception
                and not OperationCanceledException && isExpectedError?.Invoke(exception) is not true
                && !(exception is TimeoutRejectedException && Stopwatch.GetElapsedTime(StartedAt) < WarmUp)));
        builder.Services.AddResiliencePipeline(name, (pipeline, context) =>
        {
            context.EnableReloads<PipelineOptions>(name);
            var options = context.GetOptions<PipelineOptions>(name);
            var started = context.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted;
            options.Timeout.TimeoutGenerator = _ => new(started.IsCancellationRequested ? options.Timeout.Timeout : StartupTimeout);
            pipeline.AddCircuitBreaker(options.CircuitBreaker).AddTimeout(options.Timeout);
        });
    }
}
