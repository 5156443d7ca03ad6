namespace ScalableBackend.Core.Messaging;

/// <summary>How long a failed message waits before each further try. After the last one it is given up and kept for a look.</summary>
internal static class RetryDelays
{
    public static readonly TimeSpan[] Steps = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5)];
}
