using Xunit.Abstractions;

[assembly: TestCollectionOrderer("ScalableTemplates.Tests.Infrastructure.LongestFirst", "ScalableTemplates.Tests")]

namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>Begins with the collections that take minutes, so that none of them is left to run alone when the others are done.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long = ["AppHost", "End to end", "Hardening", "AllOutputs"];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => Array.IndexOf(Long, collection.DisplayName) is >= 0 and var index ? index : Long.Length);
}
