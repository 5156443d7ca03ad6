using Xunit;

namespace Shop.IntegrationTests;

internal static class HealthSteps
{
    /// <summary>Waits until /health, whose checks run in the background, returns <paramref name="status"/>.</summary>
    public static async Task WaitForHealthAsync(this HttpClient client, string status)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            using var response = await client.GetAsync("/health", timeout.Token);
            if (await response.Content.ReadAsStringAsync(timeout.Token) == status)
            {
                return;
            }

            await Task.Delay(100, timeout.Token);
        }
    }
}
