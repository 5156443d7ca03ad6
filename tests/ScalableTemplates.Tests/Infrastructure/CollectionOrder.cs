using Xunit.Abstractions;

[assembly: TestCollectionOrderer("ScalableTemplates.Tests.Infrastructure.CollectionOrder", "ScalableTemplates.Tests")]

namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>
/// Begins with the collection that takes longest, beside which the builds run. Those whose tests wait for servers come last: a
/// machine that is busy with builds has them wait for too long.
/// </summary>
public sealed class CollectionOrder : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => collection.DisplayName switch { "AppHost" => 0, "End to end" or "Hardening" => 2, _ => 1 });
}
