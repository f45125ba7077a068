%% A process computes a value for another that waits for it.
-module(future).
-export([main/1]).

main(Args) ->
    Futures = bench:size(Args, 2000000),
    bench:run(fun() ->
        Sum = futures(0, Futures, 0),
        Sum = Futures * (Futures + 1) div 2,
        {Futures, "~b futures: ~b~n", [Futures, Sum]}
    end).

futures(Futures, Futures, Sum) ->
    Sum;
futures(N, Futures, Sum) ->
    Me = self(),
    spawn(fun() -> Me ! {value, N + 1} end),
    receive
        {value, Value} -> futures(N + 1, Futures, Sum + Value)
    end.
