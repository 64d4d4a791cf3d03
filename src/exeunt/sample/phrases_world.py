"""Sentences in the other languages of the company: openers, then replies. The slots are those of `phrases_en`."""

WORLD: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "de": (
        (
            "Moin zusammen, die Dichtung an {station} ist nach {n} Tagen schon wieder undicht.",
            "Ich habe die Stückliste für {project} aktualisiert, siehe {link}.",
            "Wer hat den Schlüssel für die Prüfhalle? Bitte bis {hour} zurück ans Brett.",
            "Das Angebot aus {place} ist *viel* zu teuer, ich rufe dort an.",
            "Größenänderung am Gehäuse: {n} mm mehr, dafür passt der Stecker endlich.",
        ),
        ("Alles klar, mache ich.", "Schön, danke {person}!", "Nein, bitte erst nächste Woche.", "Läuft wieder :+1:"),
    ),
    "fr": (
        (
            "Bonjour à tous, la bouée {station} est de nouveau en ligne depuis {hour}.",
            "L'équipe à {place} demande s'il reste des capteurs. J'en ai vu {n} à l'atelier.",
            "Réunion déplacée à {hour}, désolée pour le dérangement.",
            "J'ai relu la notice : « niveau bas » est plus clair, non ?",
            "Ça y est, le câble est arrivé ! Trop court, évidemment… :sweat_smile:",
        ),
        (
            "Parfait, merci {person} !",
            "D'accord, je m'en occupe.",
            "Pas avant demain, désolé.",
            "Très bonne idée :clap:",
        ),
    ),
    "pt": (
        (
            "Bom dia! A maré de hoje em {place} bateu certo com a previsão, diferença de {n} mm.",
            "Amanhã o escritório fecha às {hour} por causa da greve do metro.",
            "Alguém pode ajudar com o relatório da {station}? Não percebo os números.",
            "Há bolo de laranja na cozinha. Ou havia :cake:",
            "Já falei com a capitania: a autorização sai até sexta-feira.",
        ),
        ("Combinado!", "Obrigado, {person} :pray:", "Vou ver isso agora.", "Não, ainda falta a assinatura."),
    ),
    "es": (
        (
            "¡Buenos días! En {place} hay oleaje, la salida pasa a las {hour}.",
            "El cliente pregunta si el sensor aguanta {n} metros. ¿Qué le digo?",
            "Ya está firmado el contrato, mañana lo envío por correo.",
            "He cambiado la batería de {station} y ahora responde sin problemas.",
            "¿Quién tiene la última versión del folleto? La mía dice `{version}`.",
        ),
        ("Vale, perfecto.", "Gracias {person} :raised_hands:", "Mañana te digo.", "¡Qué bien!"),
    ),
    "it": (
        (
            "Buongiorno, l'installazione a {place} è finita alle {hour}, tutto bene.",
            "Mancano {n} viti per la staffa della {station}, potete spedirle?",
            "Il comandante del porto è contento, però vuole il manuale in italiano.",
        ),
        ("Va bene, grazie {person}.", "Perfetto!", "Ci penso io."),
    ),
    "pl": (
        (
            "Cześć, poprawka na dryf zegara jest już w gałęzi `fix/{ticket}`.",
            "Płytka w wersji {n} grzeje się przy ładowaniu, proszę nie zostawiać jej bez nadzoru.",
            "Jutro jestem w {place}, będę dostępna dopiero po {hour}.",
            "Ktoś zjadł moje pierogi z lodówki. Żądam wyjaśnień :eyes:",
        ),
        ("Jasne, zaraz sprawdzę.", "Dzięki, {person}!", "Już działa :white_check_mark:", "Hmm, u mnie nie."),
    ),
    "no": (
        (
            "God morgen! Det blåser {n} knop i {place}, så vi blir på land i dag.",
            "Ny pakning er på lager, jeg bytter den på {station} i morgen.",
            "Kan noen ta vakta på fredag? Jeg skal på fjellet.",
        ),
        ("Ja, det går fint.", "Takk skal du ha, {person}.", "Så bra :tada:"),
    ),
    "ru": (
        (
            "Доброе утро! Прошивка {version} прошла ночной прогон, ошибок нет.",
            "На станции {station} снова пропала связь, похоже на антенну.",
            "Кто менял порог тревоги в {place}? Было {n} см, стало непонятно что.",
            "Схема питания готова, посмотрите, пожалуйста: {link}",
            "Если часы прыгнут назад, фильтр выдаст ерунду. Я это уже видел :sweat_smile:",
        ),
        ("Хорошо, сделаю.", "Спасибо, {person}!", "Уже смотрю.", "Нет, это другая ошибка."),
    ),
    "uk": (
        (
            "Вітаю! Нічний імпорт завершено, {n} станцій без пропусків.",
            "У таблиці показів знайшлися дублікати, прибираю їх зараз.",
            "Порт {place} просить графік за весь рік, підготую до п'ятниці.",
        ),
        ("Добре, дякую!", "Вже зроблено :+1:", "Гляну ввечері, {person}."),
    ),
    "ja": (
        (
            "おはようございます。{place}の水位計は今朝から正常に動いています。",
            "明日の会議は{hour}からに変更になりました。よろしくお願いします。",
            "{station}の電池を交換しました。電圧は問題ありません。",
            "台風が近づいているので、今日は早めに帰りましょう。",
            "お客様から質問が来ています：防水は何メートルまでですか？{n}mで合っていますか。",
            "お土産のお菓子が給湯室にあります。どうぞ！ :cake:",
        ),
        (
            "了解しました。",
            "ありがとうございます、{person}さん！",
            "確認します。",
            "すみません、来週になります。",
            "承知しました :pray:",
        ),
    ),
    "zh": (
        (
            "早上好，第{n}批外壳已经通过检验，今天发货。",
            "{station}的密封圈需要更换，供应商说下周才有货。",
            "请大家注意：{place}的订单改成了新的接头型号。",
            "测试报告放在这里了：{link}",
        ),
        ("好的，收到。", "谢谢{person}！", "没问题 :+1:", "我再确认一下。"),
    ),
    "ko": (
        (
            "좋은 아침입니다. 경보 화면 시안을 올렸어요: {link}",
            "{place} 항만에서 글자가 너무 작다고 합니다. {n}포인트로 키울까요?",
            "오늘 회의는 {hour}에 시작합니다. 늦지 않게 와 주세요.",
        ),
        ("네, 알겠습니다.", "감사합니다, {person}님!", "좋아요 :clap:"),
    ),
    "ar": (
        (
            "صباح الخير، محطة {station} تعمل من جديد منذ الساعة {hour}.",
            "العميل في {place} يطلب عرض سعر لعدد {n} أجهزة قبل يوم الخميس.",
            "هل يمكن أن نؤجل الاجتماع إلى الغد؟ الطريق مغلق بسبب المطر.",
            "أرسلت العقد الموقّع إلى {person}، والنسخة الأصلية في الطريق.",
        ),
        ("تمام، شكراً {person}.", "سأتحقق الآن.", "ممتاز :tada:", "لا، ليس قبل الأحد."),
    ),
    "he": (
        (
            "בוקר טוב, המסנן החדש מוריד את הרעש ב־{pct}% בתחנה {station}.",
            "מישהו יודע למה החיישן בנמל {place} מראה ערך שלילי?",
            "הפגישה עוברת לשעה {hour}, אותו קישור.",
            "מצאתי את הבאג: `if (x < 0)` במקום `<=`. שעתיים על תו אחד.",
        ),
        ("מעולה, תודה {person}!", "בודק עכשיו.", "לא דחוף, אפשר מחר.", "סגור :+1:"),
    ),
    "hi": (
        (
            "सुप्रभात! {version} की जाँच पूरी हो गई, {n} परीक्षण सफल रहे।",
            "{place} वाले सर्वर पर जगह कम है, आज शाम को सफ़ाई करूँगा।",
            "क्या किसी ने {station} का नया अंशांकन पत्र देखा है?",
        ),
        ("ठीक है, धन्यवाद {person}!", "अभी देखता हूँ।", "हो गया :white_check_mark:"),
    ),
    "vi": (
        (
            "Chào mọi người, biểu đồ mới cho cảng {place} đã chạy thử xong.",
            "Trang cấu hình bị lỗi khi nhập số {n}, mình đang sửa.",
        ),
        ("Vâng, cảm ơn {person}!", "Xong rồi nhé :+1:"),
    ),
    "tr": (
        (
            "Günaydın! Yeni etiket taslağı hazır, görüşlerinizi bekliyorum: {link}",
            "{place} limanındaki şamandıra dün akşamdan beri veri göndermiyor.",
        ),
        ("Tamam, teşekkürler {person}.", "Şimdi bakıyorum :eyes:"),
    ),
    "el": (
        (
            "Καλημέρα! Ο σταθμός {station} στο λιμάνι {place} δουλεύει κανονικά.",
            "Χρειάζομαι {n} μέτρα σχοινί και ένα καινούριο κλειδί.",
        ),
        ("Εντάξει, ευχαριστώ {person}.", "Το κοιτάζω τώρα."),
    ),
}
