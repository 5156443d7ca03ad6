namespace ScalableTemplates.Tests.Invariants;

/// <summary>The run fits into the memory of a laptop.</summary>
[Collection(nameof(AllOutputs))]
public sealed class MemoryTests(AllOutputs all)
{
    [Fact]
    public void All_outputs_together_leave_less_than_half_a_gigabyte_in_memory()
    {
        Assert.NotEmpty(all.Outputs);

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, 512L * 1024 * 1024);
    }
}
