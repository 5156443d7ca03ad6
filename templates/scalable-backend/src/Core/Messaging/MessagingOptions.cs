using System.ComponentModel.DataAnnotations;

namespace ScalableBackend.Core.Messaging;

/// <summary>The section <c>Messaging</c> of the configuration.</summary>
internal sealed class MessagingOptions
{
    public static readonly TimeSpan[] DefaultRetryDelays = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5)];

    /// <summary>How long a failed message waits before each further try. After the last one it goes to the dead letters.</summary>
    public TimeSpan[] RetryDelays { get; set; } = [];

#if (HasRabbitMq)
    /// <summary>How many messages each handler works on at once.</summary>
#else
    /// <summary>How many messages this process works on at once; a slow one holds up nothing else.</summary>
#endif
    [Range(1, 1000)]
    public int Concurrency { get; set; } = 8;
#if (HasRabbitMq)

    /// <summary>How many messages the broker hands to each handler ahead of their turn.</summary>
    [Range(1, 10_000)]
    public ushort Prefetch { get; set; } = 100;
#endif
}
