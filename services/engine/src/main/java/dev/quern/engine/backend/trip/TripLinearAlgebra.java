package dev.quern.engine.backend.trip;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.LinearAlgebra;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Tensor;

/** Products and factorisations of the host. */
public class TripLinearAlgebra implements LinearAlgebra {
    private final RoundTrip trips;
    private final Memory device;
    private final LinearAlgebra host;

    /** @param device whose tensors are taken */
    public TripLinearAlgebra(RoundTrip trips, Memory device) {
        this.trips = trips;
        this.device = device;
        this.host = trips.host().linearAlgebra();
    }

    @Override
    public void gemm(
            Precision precision,
            double alpha,
            Tensor a,
            boolean transposeA,
            Tensor b,
            boolean transposeB,
            double beta,
            Tensor c) {
        trips.perform(
                "gemm",
                device,
                trip -> host.gemm(
                        precision,
                        alpha,
                        trip.in(a),
                        transposeA,
                        trip.in(b),
                        transposeB,
                        beta,
                        beta == 0 ? trip.out(c) : trip.inOut(c)));
    }

    @Override
    public void addGram(Tensor x, Tensor h) {
        trips.perform("addGram", device, trip -> host.addGram(trip.in(x), trip.inOut(h)));
    }

    @Override
    public void addSymmetric(Tensor a, Tensor b, Tensor h) {
        trips.perform("addSymmetric", device, trip -> host.addSymmetric(trip.in(a), trip.in(b), trip.inOut(h)));
    }

    @Override
    public boolean factorUpper(Tensor h, Cancellation cancellation) {
        return trips.run("factorUpper", device, trip -> host.factorUpper(trip.inOut(h), cancellation));
    }

    @Override
    public void hadamard(Tensor signs, Tensor factor, Tensor target) {
        trips.perform("hadamard", device, trip -> host.hadamard(trip.in(signs), trip.in(factor), trip.inOut(target)));
    }

    @Override
    public void invertFactored(Tensor unit, Tensor pivots, Tensor target) {
        trips.perform(
                "invertFactored",
                device,
                trip -> host.invertFactored(trip.in(unit), trip.in(pivots), trip.out(target)));
    }
}
