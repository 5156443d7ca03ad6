using System.ComponentModel.DataAnnotations;

namespace Shop.Shared.Messaging;

/// <summary>
/// Options of message handlers, in increasing precedence: the configuration section <c>Messaging</c> for all handlers, the
/// registration of the handler, and the section <c>Messaging:{consumer}</c> for that handler.
/// </summary>
public sealed class MessagingOptions
{
    /// <summary>The longest delay that the inbox retention allows for.</summary>
    internal static readonly TimeSpan MaxRetryDelay = TimeSpan.FromDays(1);

    private readonly List<Type> _neverRetried = [];

    /// <summary>The delay before each retry; a message is dead-lettered after the last one. The defaults span typical outages of the services that handlers call.</summary>
    public TimeSpan[] RetryDelays { get; set; } =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(6),
    ];

    /// <summary>The timeout of a handler for a message or a batch.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The maximum number of messages that each handler handles concurrently.</summary>
    [Range(1, 1000)]
    public int MaxConcurrency { get; set; } = 8;

    /// <summary>The prefetch count of each consumer; by default twice the concurrency, or two batches.</summary>
    [Range(1, ushort.MaxValue)]
    public int? PrefetchCount { get; set; }

    /// <summary>Message types that may be published without a handler: they are dropped while no queue is bound to them.</summary>
    public string[] AllowUnrouted { get; set; } = [];

    /// <summary>Dead-letters a message without retries if its handler throws this exception.</summary>
    public void NeverRetry<TException>()
        where TException : Exception => _neverRetried.Add(typeof(TException));

    /// <summary>Whether a failure with this exception is retried.</summary>
    internal bool IsRetried(Exception exception) =>
        exception is not PoisonMessageException && !_neverRetried.Exists(type => type.IsInstanceOfType(exception));

    // The configuration binder appends to arrays.
    internal void Bind(IConfigurationSection section)
    {
        if (section.GetSection(nameof(RetryDelays)).Exists())
        {
            RetryDelays = [];
        }

        section.Bind(this);
    }
}
