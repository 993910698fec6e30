package dev.quern.engine.backend.trip;

import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Tensor;

/** Memory whose reorderings run on the host; a device has its own way to allocate and copy. */
public abstract class TripMemory implements Memory {
    private final RoundTrip trips;
    private final Memory host;

    protected TripMemory(RoundTrip trips) {
        this.trips = trips;
        this.host = trips.host().memory();
    }

    @Override
    public double value(Tensor source) {
        return trips.run("value", this, trip -> host.value(trip.in(source)));
    }

    @Override
    public void gatherColumns(Tensor source, Tensor columns, Tensor target) {
        trips.perform(
                "gatherColumns", this, trip -> host.gatherColumns(trip.in(source), trip.in(columns), trip.out(target)));
    }

    @Override
    public void scatterColumns(Tensor source, Tensor columns, Tensor target) {
        trips.perform(
                "scatterColumns",
                this,
                trip -> host.scatterColumns(trip.in(source), trip.in(columns), trip.out(target)));
    }

    @Override
    public void gatherRows(Tensor source, Tensor rows, Tensor target) {
        trips.perform("gatherRows", this, trip -> host.gatherRows(trip.in(source), trip.in(rows), trip.out(target)));
    }

    @Override
    public void permute(Tensor source, Tensor order, Tensor target) {
        trips.perform("permute", this, trip -> host.permute(trip.in(source), trip.in(order), trip.out(target)));
    }

    @Override
    public void argsortDescending(Tensor values, Tensor order) {
        trips.perform("argsortDescending", this, trip -> host.argsortDescending(trip.in(values), trip.out(order)));
    }
}
