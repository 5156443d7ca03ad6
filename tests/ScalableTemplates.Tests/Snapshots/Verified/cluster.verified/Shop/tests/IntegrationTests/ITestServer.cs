namespace Shop.IntegrationTests;

/// <summary>A server that the tests need. Both ways of getting it add its connection strings to the settings.</summary>
internal interface ITestServer : IAsyncDisposable
{
    /// <summary>The names of its connection strings.</summary>
    IReadOnlyList<string> ConnectionStrings { get; }

    Task StartContainerAsync(IDictionary<string, string> settings, CancellationToken cancellationToken);

    /// <summary>Uses an existing server. It may be shared, so the tests must not touch existing data.</summary>
    /// <param name="find">Returns a connection string by its name.</param>
    Task UseExistingAsync(Func<string, string?> find, IDictionary<string, string> settings, CancellationToken cancellationToken);
}
