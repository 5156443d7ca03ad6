using Xunit.Abstractions;

[assembly: TestCollectionOrderer("ScalableTemplates.Tests.Infrastructure.CollectionOrder", "ScalableTemplates.Tests")]

namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>
/// Starts with the longest collection, so that builds run in parallel with it. Collections whose tests wait for servers come last, as
/// concurrent builds would delay them too much.
/// </summary>
public sealed class CollectionOrder : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => collection.DisplayName switch { "AppHost" => 0, "End to end" or "Hardening" => 2, _ => 1 });
}
