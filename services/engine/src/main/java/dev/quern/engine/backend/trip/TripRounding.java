package dev.quern.engine.backend.trip;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Rounding;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.trip.RoundTrip.Trip;
import org.jspecify.annotations.Nullable;

/** Grids and panels of the host. */
public class TripRounding implements Rounding {
    private final RoundTrip trips;
    private final Memory device;
    private final Rounding host;

    /** @param device whose tensors are taken */
    public TripRounding(RoundTrip trips, Memory device) {
        this.trips = trips;
        this.device = device;
        this.host = trips.host().rounding();
    }

    @Override
    public void fitGrid(Tensor w, @Nullable Tensor importance, GridOptions grid, Tensor scales, Tensor zeros) {
        trips.perform("fitGrid", device, trip -> {
            Tensor columns = importance == null ? null : trip.in(importance);
            host.fitGrid(trip.in(w), columns, grid, trip.out(scales), trip.out(zeros));
        });
    }

    @Override
    public void refitScales(Refit group, GridOptions grid, Tensor scales) {
        trips.perform(
                "refitScales",
                device,
                trip -> host.refitScales(
                        new Refit(trip.in(group.steps()), trip.in(group.products()), trip.in(group.gradient())),
                        grid,
                        trip.inOut(scales)));
    }

    @Override
    public void roundToNearest(Tensor w, GridOptions grid, Tensor scales, Tensor zeros, Tensor codes) {
        trips.perform(
                "roundToNearest",
                device,
                trip -> host.roundToNearest(trip.in(w), grid, trip.in(scales), trip.in(zeros), trip.out(codes)));
    }

    @Override
    public void splitFactor(Tensor v, Tensor unit, Tensor pivots) {
        trips.perform("splitFactor", device, trip -> host.splitFactor(trip.in(v), trip.out(unit), trip.out(pivots)));
    }

    @Override
    public void groups(Tensor order, int groupSize, Tensor groups) {
        trips.perform("groups", device, trip -> host.groups(trip.in(order), groupSize, trip.out(groups)));
    }

    @Override
    public void gptqPanel(Panel panel, Grid grid, Tensor codes, Tensor errors, Tensor loss) {
        trips.perform(
                "gptqPanel",
                device,
                trip -> host.gptqPanel(
                        in(trip, panel, trip.in(panel.w())),
                        in(trip, grid),
                        trip.out(codes),
                        trip.out(errors),
                        trip.inOut(loss)));
    }

    @Override
    public void twoSidedPanel(
            Panel panel, Outer outer, Grid grid, @Nullable Fitting fitting, Tensor codes, Tensor errors, Tensor loss) {
        trips.perform(
                "twoSidedPanel",
                device,
                trip -> host.twoSidedPanel(
                        in(trip, panel, trip.inOut(panel.w())),
                        new Outer(trip.in(outer.unit()), trip.in(outer.pivots())),
                        fitting == null ? in(trip, grid) : inOut(trip, grid),
                        fitting == null ? null : in(trip, fitting),
                        trip.out(codes),
                        trip.out(errors),
                        trip.inOut(loss)));
    }

    private static Fitting in(Trip trip, Fitting fitting) {
        return new Fitting(fitting.columns(), fitting.importance() == null ? null : trip.in(fitting.importance()));
    }

    private static Grid inOut(Trip trip, Grid grid) {
        return new Grid(grid.options(), trip.inOut(grid.scales()), trip.inOut(grid.zeros()));
    }

    private static Panel in(Trip trip, Panel panel, Tensor w) {
        return new Panel(
                w,
                trip.in(panel.original()),
                trip.in(panel.unit()),
                trip.in(panel.pivots()),
                trip.in(panel.groups()),
                panel.mask() == null ? null : trip.in(panel.mask()));
    }

    private static Grid in(Trip trip, Grid grid) {
        return new Grid(grid.options(), trip.in(grid.scales()), trip.in(grid.zeros()));
    }

    @Override
    public void compensate(Tensor w, Tensor original, Tensor unit, Tensor target) {
        trips.perform(
                "compensate",
                device,
                trip -> host.compensate(trip.in(w), trip.in(original), trip.in(unit), trip.out(target)));
    }

    @Override
    public void decode(Tensor codes, Tensor scales, Tensor zeros, int groupSize, DType as, Tensor target) {
        trips.perform(
                "decode",
                device,
                trip -> host.decode(trip.in(codes), trip.in(scales), trip.in(zeros), groupSize, as, trip.out(target)));
    }

    @Override
    public void keepLargest(Tensor w, Tensor importance, int keep, int segment, Tensor mask) {
        trips.perform(
                "keepLargest",
                device,
                trip -> host.keepLargest(trip.in(w), trip.in(importance), keep, segment, trip.out(mask)));
    }

    @Override
    public void roundOnSupport(Supported weights, Grid grid, Tensor codes, Tensor loss) {
        trips.perform("roundOnSupport", device, trip -> {
            Supported moved = new Supported(
                    trip.in(weights.w()), trip.in(weights.mask()), trip.in(weights.h()), trip.in(weights.order()));
            host.roundOnSupport(moved, in(trip, grid), trip.out(codes), trip.inOut(loss));
        });
    }

    @Override
    public void descend(Descent descent, Tensor product, Tensor gain) {
        trips.perform("descend", device, trip -> {
            Descent moved = new Descent(
                    trip.in(descent.mask()),
                    trip.inOut(descent.residual()),
                    trip.in(descent.direction()),
                    trip.in(descent.energies()));
            host.descend(moved, trip.in(product), trip.inOut(gain));
        });
    }

    @Override
    public void turn(Descent descent, Tensor diagonal) {
        trips.perform("turn", device, trip -> {
            Descent moved = new Descent(
                    trip.in(descent.mask()),
                    trip.in(descent.residual()),
                    trip.inOut(descent.direction()),
                    trip.inOut(descent.energies()));
            host.turn(moved, trip.in(diagonal));
        });
    }
}
