using System.ComponentModel.DataAnnotations;

namespace ScalableBackend.Shared.Messaging;

/// <summary>
/// How messages are handled: the section <c>Messaging</c> of the configuration for all handlers, then what the handler's
/// registration says, then the section <c>Messaging:{consumer}</c> for that handler.
/// </summary>
public sealed class MessagingOptions
{
    /// <summary>What a delay queue and the inbox are made for.</summary>
    internal static readonly TimeSpan MaxRetryDelay = TimeSpan.FromDays(1);

    private readonly List<Type> _neverRetried = [];

    /// <summary>How long a failed message waits before each further try; dead-lettered after the last one. Spans the outages of what handlers call.</summary>
    public TimeSpan[] RetryDelays { get; set; } =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(6),
    ];

    /// <summary>How long a handler may take for a message or a batch.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);

#if (HasRabbitMq)
    /// <summary>How many messages each handler works on at once.</summary>
#else
    /// <summary>How many messages this process works on at once; a slow one holds up nothing else.</summary>
#endif
    [Range(1, 1000)]
    public int MaxConcurrency { get; set; } = 8;
#if (HasRabbitMq)

    /// <summary>How many messages the broker hands out ahead: unless set, twice the concurrency, or two batches.</summary>
    [Range(1, ushort.MaxValue)]
    public int? PrefetchCount { get; set; }

    /// <summary>Types of messages that nobody has to handle (yet): dropped if no queue is bound to the type.</summary>
    public string[] AllowUnrouted { get; set; } = [];
#endif

    /// <summary>Dead-letters a message at once if its handler throws this exception.</summary>
    public void NeverRetry<TException>()
        where TException : Exception => _neverRetried.Add(typeof(TException));

    /// <summary>Whether another try can help after this failure.</summary>
    internal bool IsRetried(Exception exception) =>
        exception is not PoisonMessageException && !_neverRetried.Exists(type => type.IsInstanceOfType(exception));

    // The binder adds to an array instead of replacing it.
    internal void Bind(IConfigurationSection section)
    {
        if (section.GetSection(nameof(RetryDelays)).Exists())
        {
            RetryDelays = [];
        }

        section.Bind(this);
    }
}
