using Xunit.Abstractions;

[assembly: TestCollectionOrderer("ScalableTemplates.Tests.Infrastructure.CollectionOrder", "ScalableTemplates.Tests")]

namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>
/// Begins with the collection that takes longest, beside which the builds run. Those whose tests wait for servers run last,
/// beside each other only: a machine that is busy with builds has them wait for too long.
/// </summary>
public sealed class CollectionOrder : ITestCollectionOrderer
{
    private static readonly string[] First = ["AppHost"];
    private static readonly string[] Last = ["End to end", "Hardening"];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => First.Contains(collection.DisplayName) ? 0 : Last.Contains(collection.DisplayName) ? 2 : 1);
}
