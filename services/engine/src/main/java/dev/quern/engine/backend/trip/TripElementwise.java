package dev.quern.engine.backend.trip;

import dev.quern.engine.backend.Elementwise;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Tensor;

/** Operations of the host on single elements, rows and columns. */
public class TripElementwise implements Elementwise {
    private final RoundTrip trips;
    private final Memory device;
    private final Elementwise host;

    /** @param device whose tensors are taken */
    public TripElementwise(RoundTrip trips, Memory device) {
        this.trips = trips;
        this.device = device;
        this.host = trips.host().elementwise();
    }

    @Override
    public void add(Tensor a, Tensor b, Tensor target) {
        trips.perform("add", device, trip -> host.add(trip.in(a), trip.in(b), trip.out(target)));
    }

    @Override
    public void addRow(Tensor row, Tensor target) {
        trips.perform("addRow", device, trip -> host.addRow(trip.in(row), trip.inOut(target)));
    }

    @Override
    public void multiplyRow(Tensor row, Tensor target) {
        trips.perform("multiplyRow", device, trip -> host.multiplyRow(trip.in(row), trip.inOut(target)));
    }

    @Override
    public void scale(double factor, Tensor target) {
        trips.perform("scale", device, trip -> host.scale(factor, trip.inOut(target)));
    }

    @Override
    public void addDiagonal(double value, Tensor target) {
        trips.perform("addDiagonal", device, trip -> host.addDiagonal(value, trip.inOut(target)));
    }

    @Override
    public void addDiagonal(double factor, Tensor values, Tensor target) {
        trips.perform("addDiagonal", device, trip -> host.addDiagonal(factor, trip.in(values), trip.inOut(target)));
    }

    @Override
    public void diagonal(Tensor source, Tensor target) {
        trips.perform("diagonal", device, trip -> host.diagonal(trip.in(source), trip.out(target)));
    }

    @Override
    public double mean(Tensor source) {
        return trips.run("mean", device, trip -> host.mean(trip.in(source)));
    }

    @Override
    public void addDot(Tensor a, Tensor b, Tensor sum) {
        trips.perform("addDot", device, trip -> host.addDot(trip.in(a), trip.in(b), trip.inOut(sum)));
    }

    @Override
    public double meanRatio(Tensor a, Tensor b) {
        return trips.run("meanRatio", device, trip -> host.meanRatio(trip.in(a), trip.in(b)));
    }

    @Override
    public double maxAbs(Tensor source) {
        return trips.run("maxAbs", device, trip -> host.maxAbs(trip.in(source)));
    }

    @Override
    public void columnMaxAbs(Tensor source, Tensor target) {
        trips.perform("columnMaxAbs", device, trip -> host.columnMaxAbs(trip.in(source), trip.out(target)));
    }

    @Override
    public boolean allFinite(Tensor source) {
        return trips.run("allFinite", device, trip -> host.allFinite(trip.in(source)));
    }

    @Override
    public void keep(Tensor mask, Tensor target) {
        trips.perform("keep", device, trip -> host.keep(trip.in(mask), trip.inOut(target)));
    }
}
