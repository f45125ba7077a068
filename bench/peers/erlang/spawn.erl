%% Processes that are made, take one message, answer it and end.
-module(spawn).
-export([main/1]).

%% How many live at the same time.
-define(BATCH, 1000).

main(Args) ->
    Actors = bench:size(Args, 1000000),
    bench:run(fun() ->
        Sum = batches(0, Actors, 0),
        Sum = Actors * (Actors + 1) div 2,
        {Actors, "~b actors: ~b~n", [Actors, Sum]}
    end).

batches(Actors, Actors, Sum) ->
    Sum;
batches(Made, Actors, Sum) ->
    Batch = min(?BATCH, Actors - Made),
    make(Made, Made + Batch, self()),
    batches(Made + Batch, Actors, bench:sum(Batch, Sum)).

make(End, End, _) ->
    ok;
make(N, End, Me) ->
    Pid = spawn(fun() ->
        receive
            Number -> Me ! Number + 1
        end
    end),
    Pid ! N,
    make(N + 1, End, Me).
