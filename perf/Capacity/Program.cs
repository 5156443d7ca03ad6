using Capacity;
using Capacity.Reports;

var document = new CapacityDocument(Figures.Load());
switch (args)
{
    case []:
        Console.WriteLine(document.Tables);
        return 0;
    case ["--write", var path]:
        File.WriteAllText(path, document.Apply(File.ReadAllText(path)));
        return 0;
    default:
        Console.Error.WriteLine("perf/run capacity [--write docs/capacity.md]");
        return 1;
}
