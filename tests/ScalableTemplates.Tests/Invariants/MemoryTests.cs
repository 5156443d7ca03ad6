namespace ScalableTemplates.Tests.Invariants;

/// <summary>The memory usage of the test run.</summary>
[Collection(nameof(AllOutputs))]
public sealed class MemoryTests(AllOutputs all)
{
    [Fact]
    public void All_outputs_take_less_than_512_MB_of_memory()
    {
        Assert.NotEmpty(all.Outputs);

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, 512L * 1024 * 1024);
    }
}
