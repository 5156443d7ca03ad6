namespace Shop.Gateway.Retries;

/// <summary>
/// Limits retries to a fifth of the requests, after a burst. Otherwise the retries of an overloaded API would be a multiple of its load.
/// </summary>
internal sealed class RetryBudget
{
    private const int RequestsPerRetry = 5;
    private const int MaxRequests = 100 * RequestsPerRetry;

    private int _requests = MaxRequests;

    public void AddRequest()
    {
        if (Volatile.Read(ref _requests) < MaxRequests)
        {
            Interlocked.Increment(ref _requests);
        }
    }

    public bool TryTakeRetry()
    {
        int requests;
        do
        {
            requests = Volatile.Read(ref _requests);
            if (requests < RequestsPerRetry)
            {
                return false;
            }
        }
        while (Interlocked.CompareExchange(ref _requests, requests - RequestsPerRetry, requests) != requests);
        return true;
    }
}
